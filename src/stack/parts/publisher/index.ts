export {
  accountsOutput,
  hasRelease,
  isOnMachine,
  publisherOnMachine,
  publisherParts,
  rollBackPublisher,
} from "./part.ts";
