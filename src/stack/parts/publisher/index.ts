export {
  accountsOutput,
  isOnMachine,
  publisherOnMachine,
  publisherParts,
  rollBackPublisher,
} from "./part.ts";
