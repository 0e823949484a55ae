import { reduceSession } from '../../client/session-reducer.js';
import {
  initialSession,
  type SessionEffect,
  type SessionInput,
  type SessionState,
} from '../../client/session-state.js';
import type { Message } from '../../shared/protocol/messages.js';
import { hello } from './drive.js';

/** A client's session, driven by hand, with the effects of the last input. */
export class ClientDriver {
  state: SessionState = initialSession(hello);
  effects: readonly SessionEffect[] = [];

  do(...inputs: SessionInput[]): this {
    for (const input of inputs) [this.state, this.effects] = reduceSession(this.state, input);
    return this;
  }

  receive(...messages: Message[]): this {
    return this.do(...messages.map((message) => ({ kind: 'received', message }) as const));
  }
}
