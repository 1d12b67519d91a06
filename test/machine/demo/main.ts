/** `npm run demo:machine`: see `command.ts`. */
import { runTree } from "../../../src/core/command-line/index.ts";
import { runProcess } from "../../../src/core/terminal/index.ts";
import { machineDemo } from "./command.ts";

await runProcess(process, () => Promise.resolve((args, host) => runTree(args, host, machineDemo)));
