/**
 * A process that starts servers and is then killed by harness.test.ts: it prints one line of JSON and waits.
 * (No test file: its name does not end in .test.ts.)
 */
import { buildPrograms, freePorts, startPebble } from "./harness/index.ts";

await buildPrograms(console.error);
const [httpPort = 0, tlsPort = 0] = await freePorts(2);
const pebble = await startPebble({ httpPort, tlsPort });
console.log(JSON.stringify({ pids: pebble.pids(), folder: pebble.folder }));
setInterval(() => {}, 60_000);
