/** Everything that a pod may do to the listeners of publisher and operator, for three seconds each. */
import { assaults, testListenersUnder } from "../hostile/listeners/under.ts";

testListenersUnder(assaults, 3);
