import type { CatalogueEntry } from "../entry.ts";

/** Errors about the machine of a stack, of any cloud. */
export const machineErrors = {
  "machine-protected": {
    summary: "The machine is protected, and what was asked for would delete it or replace it.",
    next: "To let it go, set machine.protect to false in the config and run podtrust up first.",
  },
  "machine-replace": {
    summary: "A difference can only be made up by deleting the machine and making another one.",
    next: "Put back what the machine has into the config, or give --allow-replace to lose what is on it.",
  },
  "machine-elsewhere": {
    summary:
      "Records or providers of the stack stand, and nothing of its machine is in the project of the cloud's token.",
    next: "Give the token of the project that the machine is in. If it is gone: podtrust up --allow-replace, or podtrust down --confirm STACK.",
  },
  "machine-address-unknown": {
    summary:
      "The address that this machine has on the Internet could not be found out, so no address could be let in by SSH.",
    next: "Name the networks that may connect in machine.hetzner.sshFrom, such as [203.0.113.7/32].",
  },
  "machine-key-invalid": {
    summary: "A file that should hold a public SSH key holds none.",
    next: "Name the .pub file of a key pair in machine.sshKey, or leave it out.",
  },
  "machine-user-data": {
    summary: "The user data for the machine's first boot is larger than the cloud takes.",
    next: "Give fewer or shorter SSH keys.",
  },
} as const satisfies Record<string, CatalogueEntry>;
