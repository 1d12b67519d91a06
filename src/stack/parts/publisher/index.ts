export {
  accountsOutput,
  isOnMachine,
  publisherOnMachine,
  publisherParts,
  rollBackPublisher,
} from "./part.ts";
export { openPublisherState } from "./state.ts";
