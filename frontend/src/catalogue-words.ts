/** The words the catalogue's scripts say themselves. */
import { sayer } from "./words";

const VI = {
  copy: "Chép",
  copied: "Đã chép",
  record: "Mở bản ghi",
  count: "bản ghi",
  failed: "Máy này không vẽ được bản đồ. Mọi bản ghi đều có trong bảng.",
  many: "đối tượng gộp ở đây; phóng to để xem từng cái",
  map: "Bản đồ tập dữ liệu",
} satisfies Record<string, string>;
const EN: Record<keyof typeof VI, string> = {
  copy: "Copy",
  copied: "Copied",
  record: "Open record",
  count: "records",
  failed: "This device cannot draw the map. Every record is in the table.",
  many: "objects drawn as one here; zoom in to see each",
  map: "Map of the dataset",
};
export const catalogueSay = sayer(VI, EN);
