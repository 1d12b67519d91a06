export { isOnMachine, publisherOnMachine, publisherParts, rollBackPublisher } from "./part.ts";
