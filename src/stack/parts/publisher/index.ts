export { isOnMachine, publisherParts, rollBackPublisher } from "./part.ts";
