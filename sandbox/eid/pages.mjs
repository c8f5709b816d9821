// The provider's own pages: choose a person, sign out, errors.
import { CLAIMS, CLAIMS_OF_SCOPE, TEXTS } from './texts.mjs';

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escape = (text) => String(text).replace(/[&<>"']/g, (char) => ESCAPES[char]);

const CSS = `
:root{--ink:#1b1d22;--soft:#555b66;--line:#d5d9e0;--ground:#f3f4f8;--card:#fff;--mark:#5b3fa6;--on:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#eceef3;--soft:#b3b8c4;--line:#3a3f4b;--ground:#14161b;--card:#1d2028;--mark:#b9a5ff;--on:#17131f}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.7 system-ui,"Hiragino Sans","Noto Sans JP","Noto Sans CJK JP",sans-serif}
main{max-width:44rem;margin:0 auto;padding:1.5rem 1rem 4rem}
header{background:var(--mark);color:var(--on);padding:.75rem 1rem}
header div{max-width:44rem;margin:0 auto;display:flex;justify-content:space-between;gap:1rem;align-items:center}
header a{color:inherit;padding:.5rem 0}
header strong{font-size:1.15rem}
h1{font-size:1.5rem;line-height:1.4;margin:1rem 0 .5rem}
h2{font-size:1.125rem;margin:2rem 0 .75rem}
.asks{background:var(--card);border:1px solid var(--line);border-left:6px solid var(--mark);border-radius:8px;padding:1rem 1.25rem}
.asks p{margin:0}
.asks ul{margin:.5rem 0;padding-left:1.25rem;columns:2;column-gap:2rem}
.people{list-style:none;margin:0;padding:0;display:grid;gap:.75rem}
.people button{display:block;width:100%;text-align:left;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem;cursor:pointer;min-height:44px;overflow-wrap:anywhere}
.people button:hover{border-color:var(--mark)}
button:focus-visible,a:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.people strong{display:block;font-size:1.0625rem}
.people small{display:block;color:var(--soft);font-size:.9rem}
.people .fails button{border-style:dashed;background:transparent}
.plain{font:inherit;background:none;border:1px solid var(--line);color:inherit;border-radius:8px;padding:.6rem 1.1rem;min-height:44px;cursor:pointer}
.main{font:inherit;background:var(--mark);border:0;color:var(--on);border-radius:8px;padding:.6rem 1.4rem;min-height:44px;cursor:pointer}
.soft{color:var(--soft)}
@media (max-width:30rem){.asks ul{columns:1}}
`;

export const languageOf = (locales) => (String(locales || 'ja').trim().split(/\s+/)[0].startsWith('en') ? 'en' : 'ja');

const page = (language, title, body, other = '') => `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${escape(title)}</title><style>${CSS}</style></head>
<body><header><div><strong>${escape(TEXTS[language].title)}</strong>${other}</div></header><main>${body}</main></body></html>`;

// The claims that are asked for, as the provider will hand them out.
export const asked = (params) => {
  const byScope = String(params.scope || '').split(' ').flatMap((scope) => CLAIMS_OF_SCOPE[scope] || []);
  let byName = [];
  try {
    const claims = JSON.parse(params.claims || '{}');
    byName = [...Object.keys(claims.userinfo || {}), ...Object.keys(claims.id_token || {})];
  } catch {
    byName = []; // the provider itself has refused a broken parameter before
  }
  const wanted = new Set([...byScope, ...byName]);
  return Object.keys(CLAIMS).filter((name) => wanted.has(name));
};

export const choosePage = ({ uid, params, clientName, personas, language }) => {
  const t = TEXTS[language];
  const other = language === 'ja' ? 'en' : 'ja';
  const claims = asked(params).map((name) => `<li>${escape(CLAIMS[name][language])}</li>`).join('');
  const people = personas.map((person) => `<li${person.error ? ' class="fails"' : ''}>
<button type="submit" name="login" value="${escape(person.id)}"><strong>${escape(person.claims ? person.claims.name : person.title[language])}</strong>
<small>${escape(person.claims ? person.title[language] : '')}${person.claims ? ` · ${escape(t.born)} ${escape(person.claims.birthdate)}` : ''}</small>
<small>${escape(person.note[language])}</small></button></li>`).join('');
  return page(language, t.title, `<p class="soft">${escape(t.lead)}</p>
<div class="asks"><p>${escape(t.asks(clientName))}</p><ul>${claims || `<li>${escape(t.nothing)}</li>`}</ul>
<p class="soft">${escape(t.strength)}: ${escape(t.strengthText)}</p></div>
<h1>${escape(t.who)}</h1>
<form method="post" action="/sandbox/${escape(uid)}"><ul class="people">${people}</ul>
<p><button class="plain" type="submit" name="cancel" value="1">${escape(t.cancel)}</button></p></form>`,
  `<a href="?lang=${other}" lang="${other}">${escape(t.other)}</a>`);
};

export const errorPage = (language) => page(language, TEXTS[language].error,
  `<h1>${escape(TEXTS[language].error)}</h1><p>${escape(TEXTS[language].errorLead)}</p>`);

export const logoutPage = (language, form) => page(language, TEXTS[language].logout,
  `<h1>${escape(TEXTS[language].logout)}</h1>${form}
<p><button class="main" type="submit" form="op.logoutForm" name="logout" value="yes">${escape(TEXTS[language].yes)}</button>
<button class="plain" type="submit" form="op.logoutForm">${escape(TEXTS[language].no)}</button></p>`);

export const loggedOutPage = (language) => page(language, TEXTS[language].loggedOut,
  `<h1>${escape(TEXTS[language].loggedOut)}</h1>`);
