export { atDoor } from "./door.ts";
export {
  SandboxConnectionError,
  SandboxError,
  type SandboxErrorCode,
  SandboxMachineError,
  SandboxUsageError,
} from "./errors.ts";
export * as forms from "./forms.ts";
export type { Form, Forms } from "./forms.ts";
export { refuseSeed, refuseUnknownMember, seedMembers, type SeedMembers, seedOf } from "./seed.ts";
