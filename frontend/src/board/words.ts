/** The words the dispatcher's board says itself. */
import { sayer } from "../words";

const VI = {
  lifted: "Đã nhấc {name}. Mũi tên trái phải hoặc số chọn đội, lên xuống chọn chỗ, Enter thả, Esc bỏ.",
  over: "{crew}, chỗ {n}",
  back: "Chờ giao đội",
  dropped: "Đã bỏ, việc ở chỗ cũ.",
  given: "Đã giao {name} cho {crew}.",
  withdrawn: "Đã thu hồi {name}.",
  failed: "Chưa làm được. Kiểm tra mạng rồi thử lại.",
  stale: "Mất tin từ {time}",
  waiting: "chờ giao",
} satisfies Record<string, string>;
const EN: Record<keyof typeof VI, string> = {
  lifted: "Lifted {name}. Left, right or a number choose the crew, up and down the place, Enter drops, Esc cancels.",
  over: "{crew}, place {n}",
  back: "Waiting for a crew",
  dropped: "Cancelled, the job is where it was.",
  given: "Gave {name} to {crew}.",
  withdrawn: "Took {name} back.",
  failed: "That did not work. Check the network and try again.",
  stale: "No news since {time}",
  waiting: "waiting",
};
export const say = sayer(VI, EN);
