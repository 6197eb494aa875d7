import { describeEachStore } from '../support/sessions/each-store.js';
import { describeSessions } from '../support/sessions/session-suite.js';

describeEachStore('sessions', describeSessions);
