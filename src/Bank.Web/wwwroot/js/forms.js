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
