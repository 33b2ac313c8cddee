import { createRoot } from "react-dom/client";
import "./ui/tokens.css";
import "./ui/base.css";
import { applyTheme, firstTheme } from "./shell/theme";
import { App } from "./shell/App";

applyTheme(firstTheme());
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App />);
