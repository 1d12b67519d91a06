export { type AnsweringServer, openAnsweringServer } from "./answering.ts";
export {
  closeListener,
  type HttpListener,
  type ListenerOptions,
  openChosenListener,
  openListener,
} from "./listener.ts";
export { sameSecret } from "./same-secret.ts";
