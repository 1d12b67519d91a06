export { homeDirectory } from "./home.ts";
