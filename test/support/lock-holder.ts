/** Takes a lock of a file store and holds it until it is killed: `lock-holder.ts FOLDER NAME`. */
import process from "node:process";
import { systemClock } from "../../src/core/base/index.ts";
import { fileStore } from "../../src/providers/tls/index.ts";

const [directory = "", name = ""] = process.argv.slice(2);
await fileStore({ directory, clock: systemClock }).lock(name);
process.stdout.write("held\n");
setInterval(() => {}, 1000);
