/** The transparency figures: their layout; they are drawn on the server. */
import "./css/transparency.css";
