/** The pages of indicators: their layout; everything on them is drawn by the server. */
import "./css/indicators.css";
