// Binds the buttons of the passkey pages; without JavaScript they stay hidden.
document.addEventListener('DOMContentLoaded', function () {
  const forms = window.allauth && window.allauth.webauthn && window.allauth.webauthn.forms
  const button = document.querySelector('[data-passkey]')
  if (!forms || !button || !window.PublicKeyCredential) return
  const ids = {
    login: button.id,
    add: button.id,
    authenticate: button.id,
    credential: button.dataset.passkeyCredential
  }
  if (button.dataset.passkeyData) ids.data = button.dataset.passkeyData
  if (button.dataset.passkeyPasswordless) ids.passwordless = button.dataset.passkeyPasswordless
  forms[button.dataset.passkey]({ ids })
  button.hidden = false
  document.addEventListener('allauth.error', function (event) {
    const notice = document.querySelector('[data-passkey-error]')
    if (!notice) return
    event.preventDefault()
    notice.hidden = false
  })
})
