// Passkey ceremonies (WebAuthn level 3). The browser's answer goes back unchanged in an ordinary form post, so that the server
// decides everything, including where to go next. No library, nothing from elsewhere.
(() => {
  'use strict';

  const message = (form, text) => {
    const place = form.querySelector('[data-passkey-message]');
    place.textContent = text;
    place.hidden = !text;
  };

  const explain = error => {
    switch (error?.name) {
      case 'NotAllowedError':
      case 'AbortError':
        return 'The passkey was not used. You can try again, or use a code instead.';
      case 'InvalidStateError':
        return 'This device already has a passkey for your account.';
      case 'SecurityError':
        return 'Passkeys do not work at this address. Please use the bank’s own address.';
      default:
        return error?.bankMessage ?? 'Something went wrong with the passkey. You can try again, or use a code instead.';
    }
  };

  const options = async form => {
    const response = await fetch(form.dataset.passkeyOptions, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { RequestVerificationToken: form.querySelector('input[name=__RequestVerificationToken]').value, Accept: 'application/json' },
    });
    const body = await response.json().catch(() => ({}));
    if (!response.ok) {
      if (response.status === 401) {
        window.location.reload();
      }
      throw Object.assign(new Error('options'), { bankMessage: body.detail });
    }
    return body;
  };

  const run = async form => {
    const button = form.querySelector('[data-passkey-button]');
    button.disabled = true;
    message(form, '');
    try {
      const { ceremonyId, publicKey } = await options(form);
      const credential = form.dataset.passkey === 'create'
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
      form.querySelector('[data-passkey-credential]').value = JSON.stringify(credential.toJSON());
      const ceremony = form.querySelector('[data-passkey-ceremony]');
      if (ceremony) {
        ceremony.value = ceremonyId ?? '';
      }
      form.submit();
    } catch (error) {
      message(form, explain(error));
      button.disabled = false;
    }
  };

  const supported = typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    if (!supported) {
      message(form, 'This browser does not support passkeys. A recent version of any major browser does.');
      form.querySelector('[data-passkey-button]').disabled = true;
      continue;
    }
    form.addEventListener('submit', event => {
      event.preventDefault();
      if (form.reportValidity()) {
        run(form);
      }
    });
  }
})();
