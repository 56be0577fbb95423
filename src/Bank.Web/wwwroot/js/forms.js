// Small comforts every page may do without: a form is sent once, and the error summary is heard.
(() => {
  'use strict';
  for (const form of document.querySelectorAll('form[method=post]:not([data-passkey])')) {
    form.addEventListener('submit', event => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = 'true';
    });
  }
  // What the chat knows about a new payee comes in the fragment, which no server sees. It goes into the fields as text and out of the address.
  const prefill = document.querySelector('form[data-prefill]');
  if (prefill && window.location.hash.length > 1) {
    const given = new URLSearchParams(window.location.hash.slice(1));
    for (const [name, id] of [['name', 'Name'], ['iban', 'Iban']]) {
      const field = document.getElementById(id);
      if (field && !field.value && given.get(name)) {
        field.value = given.get(name).slice(0, field.maxLength);
      }
    }
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
  }
  // A page restored from the back-forward cache must be usable again.
  window.addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach(form => delete form.dataset.sent));
  document.querySelector('[data-error-summary]')?.focus();

  if (document.body.dataset.session === 'ended') {
    // Other tabs of this browser learn at once; other devices learn from the server.
    new BroadcastChannel('session').postMessage('ended');
  } else if (document.body.dataset.session === 'open') {
    new BroadcastChannel('session').addEventListener('message', () => window.location.assign('/sign-in?ended=true'));
  }
})();
