/** The words of the wall. */
import { brief } from "../pure/number";
import { language, sayer } from "../words";

const VI = {
  live: "Trực tiếp, trễ {span}",
  lost: "Mất tin từ {time}",
  lostLong: "MẤT TIN TỪ {time}. Đang nối lại. Những gì thấy là của lúc ấy.",
  gone: "Màn hình này không còn được phép xem",
  goneWhy: "Mã của nó đã bị thu hồi hoặc không đúng. Người trực tạo mã mới ở Trung tâm điều hành, mục Màn hình.",
  none: "Không có cảnh báo mở",
  noneWhy: "Mọi thứ đang trong ngưỡng.",
  unheard: "Chưa nhận, đã {span}",
  heard: "{state}, {span}",
  heardBy: "{state} · {who}",
  short: "chưa nhận",
  rest: "{n} cảnh báo khác: {parts}",
  sim: "DỮ LIỆU MÔ PHỎNG",
  simWhy: "không phải số liệu thật",
  drill: "DIỄN TẬP",
  drillWhy: "không phải sự cố thật",
  warning: "ĐANG PHÁT",
  news: "Vừa xảy ra: {title}",
  view: "Góc nhìn {n} trên {all}",
  alarms: "Cảnh báo",
  figures: "Chỉ số",
  loading: "Đang nối với máy chủ",
  dead: "{name} mất tin",
  map: "Bản đồ tình hình",
  ago: "{span} trước",
} satisfies Record<string, string>;
export type Word = keyof typeof VI;
const EN: Record<Word, string> = {
  live: "Live, {span} behind",
  lost: "No news since {time}",
  lostLong: "NO NEWS SINCE {time}. Reconnecting. What is shown is of that time.",
  gone: "This wall may not look any more",
  goneWhy: "Its token was revoked or is wrong. Somebody on duty makes a new one in the operations centre, under Walls.",
  none: "No open alarms",
  noneWhy: "Everything is within its limits.",
  unheard: "Unacknowledged for {span}",
  heard: "{state}, {span}",
  heardBy: "{state} · {who}",
  short: "unacknowledged",
  rest: "{n} other alarms: {parts}",
  sim: "SIMULATED DATA",
  simWhy: "not real values",
  drill: "EXERCISE",
  drillWhy: "not a real event",
  warning: "ON AIR",
  news: "Just now: {title}",
  view: "View {n} of {all}",
  alarms: "Alarms",
  figures: "Figures",
  loading: "Connecting to the server",
  dead: "{name} silent",
  map: "Situation map",
  ago: "{span} ago",
};
export const say = sayer(VI, EN);
/** 3 giây, 4 phút, 1 giờ: a duration in whole words, for reading from afar. */
export const span = (ms: number): string => brief(ms, language(), true);
