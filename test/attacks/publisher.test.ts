/** Everything of test/hostile/, for a few seconds each; in the gate one of nine. */
import { scenarios } from "../hostile/scenarios.ts";
import { testUnder } from "../hostile/under.ts";

testUnder(Object.keys(scenarios), 3, 9);
