export { ssmService } from "./service.ts";
