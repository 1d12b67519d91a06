export { addSandbox } from "./command.ts";
