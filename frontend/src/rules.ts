/** The rules' pages: style only; everything works as it comes from the server. */
import "./css/rules.css";
