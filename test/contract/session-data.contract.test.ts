import { describeEachStore } from '../support/sessions/each-store.js';
import { describeSessionData } from '../support/sessions/session-data-suite.js';

describeEachStore('the data of a session', describeSessionData);
