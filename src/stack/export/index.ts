export { ansibleInventory, ansibleVars } from "./ansible.ts";
export { type OpenTofuWish, openTofuText } from "./opentofu.ts";
