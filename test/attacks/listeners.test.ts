/**
 * Everything that a pod may do to the listeners of publisher and operator, for six seconds each; in the gate one of nine (of
 * ten it would be the same from both origins).
 */
import { assaults, testListenersUnder } from "../hostile/listeners/under.ts";

testListenersUnder(assaults, 6, 9);
