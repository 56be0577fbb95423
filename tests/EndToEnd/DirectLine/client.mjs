// Microsoft's own Direct Line client, told what to do on standard input and saying what it sees on standard output,
// one JSON object a line on both. Usage: node client.mjs PACKAGES, the folder that holds node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(join(process.argv[2], 'package.json'));
const WebSocket = require('ws');
// What a browser brings and Node 20 does not. The client looks for both when it is loaded.
globalThis.XMLHttpRequest = require('xhr2');
globalThis.WebSocket = WebSocket;
const { DirectLine } = require('botframework-directlinejs');

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const explain = (error) => error?.message ?? `status ${error?.status}`;

let socket;
let directLine;

class ReportedSocket extends WebSocket {
  constructor(address) {
    super(address);
    socket = this;
    this.on('open', () => say({ event: 'socket', state: 'open' }));
    // As they come over the wire: the client hands the activities of frames in quick succession on in no certain order.
    this.on('message', (data) => {
      if (data.length > 0) {
        say({ event: 'frame', ids: JSON.parse(data).activities.filter((activity) => activity.id).map((activity) => activity.id) });
      }
    });
    this.on('close', (code, reason) => say({ event: 'socket', state: 'closed', code, reason: reason.toString() }));
  }
}

const commands = {
  start({ domain, token, webSocket, reconnectAfterMs }) {
    directLine = new DirectLine({
      domain,
      token,
      webSocket,
      pollingInterval: 200,
      WebSocket: ReportedSocket,
      // The client waits 3 s plus a random part of 12 s before it reconnects.
      random: () => (reconnectAfterMs - 3000) / 12000,
    });
    directLine.connectionStatus$.subscribe((status) => say({ event: 'status', status }));
    directLine.activity$.subscribe(
      (activity) => say({ event: 'activity', activity }),
      (error) => say({ event: 'streamFailed', message: explain(error) }),
      () => say({ event: 'streamCompleted' }),
    );
  },

  post({ text, clientActivityID }) {
    directLine
      .postActivity({ type: 'message', text, from: { id: 'dl_somebody-else-entirely' }, channelData: { clientActivityID } })
      .subscribe(
        (id) => say({ event: 'posted', clientActivityID, id }),
        (error) => say({ event: 'postFailed', clientActivityID, message: explain(error) }),
      );
  },

  // Breaks the connection as a lost network does: no closing handshake.
  drop() {
    socket.terminate();
  },

  refresh() {
    directLine.refreshToken().subscribe(
      (token) => {
        directLine.token = token;
        say({ event: 'refreshed', token });
      },
      (error) => say({ event: 'refreshFailed', message: explain(error) }),
    );
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  commands[command.do](command);
}

process.exit(0);
