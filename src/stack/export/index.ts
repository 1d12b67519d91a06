export { type OpenTofuWish, openTofuText } from "./opentofu.ts";
