export {
  hasRelease,
  isOnMachine,
  publisherOnMachine,
  publisherOutput,
  publisherParts,
  rollBackPublisher,
} from "./part.ts";
