import { startApp } from "./views/app";

const host = document.getElementById("app");
if (host !== null) {
  startApp(host);
}
