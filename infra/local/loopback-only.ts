/**
 * Preloaded (`node --import`) into every process that the local run starts: it keeps the process on this
 * machine, tells the supervisor its port and makes sure that it never outlives it.
 *
 * The functions-framework listens on all addresses and has no option for it, so `listen` is narrowed to
 * 127.0.0.1 here. The framework itself stays as it is deployed.
 */

import { Server } from 'node:net';

const LOOPBACK = '127.0.0.1';

const listen = Server.prototype.listen;

Server.prototype.listen = function listenOnLoopback(this: Server, ...args: unknown[]): Server {
  this.once('listening', () => {
    const address = this.address();
    if (typeof address === 'object' && address !== null) {
      process.send?.({ listeningOn: address.port });
    }
  });
  const [port, ...rest] = args;
  const isPort = typeof port === 'number' || (typeof port === 'string' && /^\d+$/.test(port));
  const narrowed = isPort ? [{ port: Number(port), host: LOOPBACK }, ...rest] : args;
  return Reflect.apply(listen, this, narrowed);
};

// Signals do not reach us when the runner is killed hard; a closed channel does.
process.on('disconnect', () => process.exit());
