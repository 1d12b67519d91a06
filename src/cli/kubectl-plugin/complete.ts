#!/usr/bin/env node
import { runProcess } from "../../core/terminal/index.ts";

// kubectl asks for what completes `kubectl podtrust …` by running a program of this name's (kubectl_complete-podtrust)
// with the words behind `podtrust`, the last of them being typed.
await runProcess(process, async () => (await import("./run-complete.ts")).runComplete);
