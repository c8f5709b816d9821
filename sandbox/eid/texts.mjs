// Words of the persona page in its two languages.
export const TEXTS = {
  ja: {
    title: 'お試し用eID', lead: 'これはデモのためのeIDです。ここにいる人はすべて架空の人物です。',
    asks: (name) => `「${name}」が次の情報の提供を求めています。`, nothing: '（本人であることの確認のみ）',
    who: 'だれとしてログインしますか', choose: 'この人としてログインする', fails: 'ログインせずに戻る',
    born: '生年月日', cancel: 'やめて戻る', other: 'English', error: 'このページは使えません',
    errorLead: 'ログインの手続きが終わったか、期限が切れています。市町村のページに戻って、もう一度ログインしてください。',
    logout: 'eIDからもログアウトしますか', yes: 'ログアウトする', no: 'ログインしたままにする',
    loggedOut: 'ログアウトしました', strength: '認証の強さ', strengthText: 'カードと暗証番号（最も強い方法）',
  },
  en: {
    title: 'Sandbox eID', lead: 'This is an eID for demonstration. Everybody here is made up.',
    asks: (name) => `“${name}” asks for:`, nothing: '(only to confirm who you are)',
    who: 'Who do you want to be?', choose: 'Sign in as this person', fails: 'Go back without signing in',
    born: 'Born', cancel: 'Cancel and go back', other: '日本語', error: 'This page cannot be used',
    errorLead: 'The sign-in has ended or has expired. Go back to the municipality’s page and sign in again.',
    logout: 'Sign out of the eID too?', yes: 'Sign out', no: 'Stay signed in',
    loggedOut: 'You are signed out', strength: 'Strength', strengthText: 'card and PIN (the strongest way)',
  },
};

export const CLAIMS = {
  name: { ja: '氏名', en: 'Name' },
  'name#ja-Kana-JP': { ja: '氏名（フリガナ）', en: 'Name in kana' },
  birthdate: { ja: '生年月日', en: 'Date of birth' },
  gender: { ja: '性別', en: 'Sex' },
  address: { ja: '住所', en: 'Address' },
  nationality: { ja: '国籍', en: 'Nationality' },
  email: { ja: 'メールアドレス', en: 'E-mail address' },
  phone_number: { ja: '電話番号', en: 'Telephone number' },
};

export const CLAIMS_OF_SCOPE = {
  name: ['name', 'name#ja-Kana-JP'],
  birthdate: ['birthdate'],
  gender: ['gender'],
  address: ['address'],
  nationality: ['nationality'],
  email: ['email'],
  phone: ['phone_number'],
};
