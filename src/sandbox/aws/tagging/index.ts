export { taggingService } from "./service.ts";
