import { type CatalogueEntry, type ErrorOptions, PodtrustError } from "../../src/core/base/index.ts";

/** What goes wrong with a contributor's machine. No user meets these codes, so podtrust's catalogue has none of them. */
const machineErrors = {
  "emulator-failed": {
    summary: "The emulator of a virtual machine did not start, ended, or refused a command.",
    next: "Look at what it says. It is QEMU: qemu-system-x86_64 --version says which.",
  },
  "demo-boot-missing": {
    summary:
      "The demo cannot boot a machine: something that it needs is missing, or is not what it should be.",
    next: "Get all of it, then run the same command again; test/machine/demo/README.md says where from.",
  },
} as const satisfies Record<string, CatalogueEntry>;

/** An error of the machine's tools, which the command line prints as it prints podtrust's. */
export class MachineError extends PodtrustError {
  override readonly name = "MachineError";

  constructor(code: keyof typeof machineErrors, message: string, options: ErrorOptions = {}) {
    super(code as never, message, { next: machineErrors[code].next, ...options });
  }
}
