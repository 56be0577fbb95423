// The chat page: Microsoft's Web Chat on the bank's own Direct Line, through this origin only.
(async () => {
  'use strict';
  const page = document.getElementById('chat');
  const wait = document.getElementById('chat-wait');
  const prompts = document.getElementById('chat-prompts');
  const antiforgery = page.dataset.antiforgery;

  const show = (title, text, link, label) => {
    wait.replaceChildren();
    const box = document.createElement('div');
    const heading = document.createElement('h2');
    heading.textContent = title;
    const paragraph = document.createElement('p');
    paragraph.className = 'sb-muted';
    paragraph.textContent = text;
    const anchor = document.createElement('a');
    anchor.className = 'btn btn-primary';
    anchor.href = link;
    anchor.textContent = label;
    box.append(heading, paragraph, anchor);
    wait.append(box);
    wait.hidden = false;
    prompts.hidden = true;
    page.dataset.state = 'ended';
    anchor.focus();
  };
  const signedOut = () => show('You are signed out', 'The conversation is closed. Sign in to go on where you stopped.', '/sign-in?returnUrl=%2Fchat', 'Sign in');

  let session;
  try {
    const response = await fetch('/chat/session', { method: 'POST', credentials: 'same-origin', headers: { RequestVerificationToken: antiforgery, Accept: 'application/json' } });
    if (response.status === 401) {
      signedOut();
      return;
    }
    if (!response.ok) {
      throw new Error(`chat session: ${response.status}`);
    }
    session = await response.json();
  } catch {
    show('The assistant cannot be reached', 'Your money and everything else work as usual. Please try again in a moment.', '/chat', 'Try again');
    return;
  }

  const directLine = window.WebChat.createDirectLine({
    domain: new URL(session.domain, window.location.origin).href,
    token: session.token,
    webSocket: true,
    ...(session.resume ? { conversationId: session.conversationId, watermark: '0' } : {}),
  });

  const store = window.WebChat.createStore({}, ({ dispatch }) => next => action => {
    // The assistant's own suggestions replace ours.
    if ((action.type === 'WEB_CHAT/SET_SUGGESTED_ACTIONS' && action.payload.suggestedActions?.length) || action.type === 'WEB_CHAT/SEND_MESSAGE' || action.type === 'WEB_CHAT/SEND_POST_BACK') {
      prompts.hidden = true;
      page.dataset.spoken = 'true';
    }
    return next(action);
  });

  // Our own pages open in this tab: the approval is part of this journey, and a new tab would lose the way back.
  const cardActionMiddleware = () => next => ({ cardAction, getSignInUrl, ...rest }) => {
    if (cardAction.type === 'openUrl') {
      const url = new URL(cardAction.value, window.location.href);
      if (url.origin === window.location.origin) {
        window.location.assign(url.href);
        return;
      }
    }
    next({ cardAction, getSignInUrl, ...rest });
  };

  window.WebChat.renderWebChat({
    directLine,
    store,
    cardActionMiddleware,
    nonce: page.dataset.nonce,
    locale: 'en-GB',
    styleOptions: {
      rootHeight: '100%',
      rootWidth: '100%',
      accent: '#14504c',
      subtle: '#55625f',
      backgroundColor: '#ffffff',
      primaryFont: getComputedStyle(document.body).fontFamily,
      hideUploadButton: true,
      botAvatarInitials: 'SB',
      botAvatarImage: page.dataset.mark,
      botAvatarBackgroundColor: '#14504c',
      userAvatarInitials: page.dataset.initials,
      userAvatarBackgroundColor: '#9a4f1d',
      avatarSize: 34,
      bubbleBackground: '#f1f5f3',
      bubbleBorderColor: '#dbe6e2',
      bubbleBorderRadius: 14,
      bubbleTextColor: '#12302f',
      bubbleFromUserBackground: '#14504c',
      bubbleFromUserBorderColor: '#14504c',
      bubbleFromUserBorderRadius: 14,
      bubbleFromUserTextColor: '#ffffff',
      bubbleMaxWidth: 540,
      bubbleMinWidth: 60,
      suggestedActionBackgroundColor: '#ffffff',
      suggestedActionBorderColor: '#14504c',
      suggestedActionBorderRadius: 18,
      suggestedActionBorderWidth: 1,
      paddingRegular: 14,
      suggestedActionTextColor: '#14504c',
      suggestedActionLayout: 'flow',
      suggestedActionHeight: 38,
      sendBoxHeight: 56,
      sendBoxBorderTop: 'solid 1px #ddd8cc',
      sendBoxTextColor: '#12302f',
      sendBoxPlaceholderColor: '#55625f',
      sendBoxButtonColor: '#14504c',
      timestampColor: '#55625f',
      groupTimestamp: 120000,
    },
    adaptiveCardsHostConfig: {
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSizes: { small: 13, default: 15, medium: 17, large: 21, extraLarge: 30 },
      spacing: { small: 4, default: 7, medium: 14, large: 20, extraLarge: 28, padding: 18 },
      separator: { lineThickness: 1, lineColor: '#e6e2d8' },
      supportsInteractivity: true,
      containerStyles: {
        default: {
          backgroundColor: '#ffffff',
          foregroundColors: {
            default: { default: '#12302f', subtle: '#55625f' },
            accent: { default: '#14504c', subtle: '#14504c' },
            good: { default: '#1c6b3f', subtle: '#1c6b3f' },
            warning: { default: '#7c3d12', subtle: '#7c3d12' },
            attention: { default: '#9b2226', subtle: '#9b2226' },
          },
        },
        emphasis: { backgroundColor: '#f1f5f3', foregroundColors: { default: { default: '#12302f', subtle: '#55625f' }, accent: { default: '#14504c', subtle: '#14504c' } } },
      },
      actions: { maxActions: 5, spacing: 'default', buttonSpacing: 8, actionsOrientation: 'horizontal', actionAlignment: 'left' },
    },
  }, page);

  // 0 uninitialised, 1 connecting, 2 online, 3 expired token, 4 failed, 5 ended
  directLine.connectionStatus$.subscribe(status => {
    if (status === 2) {
      wait.hidden = true;
      page.dataset.state = 'online';
      prompts.hidden = session.resume || page.dataset.spoken === 'true';
    } else if (status === 3 || status === 5) {
      signedOut();
    } else if (status === 4) {
      show('The assistant cannot be reached', 'Your money and everything else work as usual. Please try again in a moment.', '/chat', 'Try again');
    }
  });
  prompts.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (button) {
      store.dispatch({ type: 'WEB_CHAT/SEND_MESSAGE', payload: { text: button.textContent.trim(), method: 'keyboard' } });
    }
  });
})();
