import "./elements/city-map";
import "./elements/place-picker";
