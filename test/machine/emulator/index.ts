export {
  type Accelerator,
  type Attachment,
  type BootImage,
  choosePorts,
  diskOf,
  type EmulatorSpec,
  overlay,
} from "./emulator.ts";
export { EmulatedMachine, type MachineRoom, makeMachine } from "./machine.ts";
export { bestAccelerator, type Lack, lackingPrograms, readBootImage } from "./needs.ts";
