import { describeEachStore } from '../support/sessions/each-store.js';
import { describeSessionLists } from '../support/sessions/session-lists-suite.js';

describeEachStore('what others see of sessions', describeSessionLists);
