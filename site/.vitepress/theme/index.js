import DefaultTheme from "vitepress/theme-without-fonts";
import CheckToken from "./CheckToken.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("CheckToken", CheckToken);
  },
};
