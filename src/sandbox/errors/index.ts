export { atDoor } from "./door.ts";
export {
  SandboxConnectionError,
  SandboxError,
  type SandboxErrorCode,
  SandboxMachineError,
  SandboxUsageError,
} from "./errors.ts";
export { refuseSeed, refuseUnknownMember } from "./seed.ts";
