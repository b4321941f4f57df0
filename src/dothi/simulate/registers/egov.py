"""The register of information systems: which are connected, by which interface, when data last came. Invented, as a province's may be."""

from collections.abc import Iterator

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance
from dothi.simulate.registers import Row, register

# code, name, English, owner, purpose, connection, interface, gives, due every so many hours, share of that which has passed,
# personal data, level, what is in the way, months until it is planned
_SYSTEMS: tuple[tuple[str, str, str, str, str, str, str, str, float, float, bool, int, str, int], ...] = (
    ("quan-trac-khong-khi", "Quan trắc không khí tự động", "Automatic air monitoring", "Sở Nông nghiệp và Môi trường", "Đo bụi, khí theo giờ", "connected", "mqtt", "Số đo PM2.5, PM10, khí", 1, 0.3, False, 2, "", 0),
    ("muc-nuoc-trieu", "Mực nước và triều", "Water and tide levels", "Sở Nông nghiệp và Môi trường", "Cảnh báo ngập", "connected", "sensorthings", "Mực nước, độ mặn", 1, 0.5, False, 2, "", 0),
    ("den-duong", "Điều khiển chiếu sáng", "Street lighting control", "Công ty Công trình đô thị", "Đóng cắt, tiết giảm đèn", "connected", "mqtt", "Trạng thái tủ, điện năng", 1, 0.2, False, 2, "", 0),
    ("thu-gom-rac", "Giám sát thu gom rác", "Waste collection tracking", "Công ty Công trình đô thị", "Hành trình xe, độ đầy thùng", "connected", "mqtt", "Vị trí xe, độ đầy", 1, 0.4, False, 1, "", 0),
    ("xe-buyt", "Điều hành xe buýt", "Bus operations", "Sở Xây dựng", "Biểu đồ, vị trí xe", "connected", "gtfs", "GTFS, GTFS-RT", 24, 0.5, False, 1, "", 0),
    ("canh-bao-thien-tai", "Bản tin thiên tai", "Hazard bulletins", "Sở Nông nghiệp và Môi trường", "Phát cảnh báo chính thức", "connected", "cap", "Cảnh báo CAP", 24, 0.2, False, 3, "", 0),
    ("phan-anh-1022", "Tổng đài 1022", "Hotline 1022", "Tổng đài 1022", "Tiếp nhận phản ánh", "connected", "open311", "Phản ánh, kết quả xử lý", 1, 0.1, True, 3, "", 0),
    ("ban-do-quy-hoach", "Cơ sở dữ liệu quy hoạch", "Planning database", "Sở Xây dựng", "Bản đồ quy hoạch", "connected", "ogc-features", "Ranh giới, chỉ tiêu quy hoạch", 720, 0.6, False, 2, "", 0),
    ("mot-cua", "Giải quyết thủ tục hành chính", "Administrative procedures", "Trung tâm Phục vụ hành chính công", "Một cửa điện tử", "one-way", "file", "Thống kê hồ sơ hằng ngày", 24, 1.6, True, 3, "Chưa có giao tiếp mở; xuất tệp mỗi đêm, hay quên cuối tuần", 5),
    ("cap-nuoc-scada", "SCADA cấp nước", "Water supply SCADA", "Công ty Cấp nước", "Áp lực, lưu lượng", "connected", "sensorthings", "Áp lực, clo dư, độ đục", 1, 0.6, False, 3, "", 0),
    ("cap-phep-xay-dung", "Quản lý cấp phép xây dựng", "Building permits", "Sở Xây dựng", "Giấy phép, thanh tra", "one-way", "file", "Giấy phép mỗi tuần", 168, 0.7, True, 2, "Chờ nâng cấp phần mềm của nhà cung cấp", 4),
    ("quan-ly-truong-hoc", "Quản lý trường học", "School management", "Sở Giáo dục và Đào tạo", "Sĩ số, tuyển sinh", "one-way", "file", "Sĩ số theo trường", 720, 1.4, True, 3, "Mỗi trường gửi một bảng riêng", 8),
    ("bao-cao-benh", "Báo cáo bệnh truyền nhiễm", "Notifiable diseases", "Sở Y tế", "Ca bệnh theo tuần", "one-way", "file", "Số ca theo tuần, không có tên", 168, 0.5, True, 4, "Dữ liệu cá nhân chỉ được gửi dạng số tổng hợp", 6),
    ("lgsp", "Nền tảng tích hợp, chia sẻ dữ liệu tỉnh", "Provincial integration platform", "Sở Khoa học và Công nghệ", "Trục liên thông với quốc gia", "connected", "ngsp", "Danh mục dùng chung", 24, 0.4, False, 3, "", 0),
    ("ho-so-benh-an", "Bệnh án điện tử bệnh viện", "Hospital records", "Sở Y tế", "Khám chữa bệnh", "island", "none", "", 0, 0, True, 4, "Dữ liệu cá nhân nhạy cảm; mới bàn việc chia sẻ số giường trống", 12),
    ("camera-giao-thong", "Camera giao thông", "Traffic cameras", "Công an tỉnh", "Xử lý vi phạm", "island", "none", "", 0, 0, True, 4, "Mạng riêng, chưa có quy chế chia sẻ", 0),
    ("dat-dai", "Cơ sở dữ liệu đất đai", "Land database", "Sở Nông nghiệp và Môi trường", "Đăng ký đất đai", "island", "none", "", 0, 0, True, 3, "Đang hợp nhất dữ liệu sau sáp nhập", 9),
    ("thu-vien-so", "Thư viện số", "Digital library", "Sở Văn hóa, Thể thao và Du lịch", "Mượn sách", "island", "none", "", 0, 0, True, 1, "Hợp đồng phần mềm đã hết, không có giao tiếp", 0),
)  # fmt: skip
_FILED = 18  # days ago the register was first filled


@register("city-systems", days=_FILED)
def city_systems(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """As it stands today: what is connected sends, some of it late. An hour's grid, so that a row changes when data came."""
    del ground
    noted = begin + 9 * clock.HOUR
    hour = now // clock.HOUR * clock.HOUR
    for (code, name, english, owner, purpose, connection, interface, gives, every, passed, personal, level, obstacle,
         months) in _SYSTEMS:  # fmt: skip
        said: dict[str, object] = {
            "code": code, "name": name, "name_en": english, "owner": owner, "purpose": purpose, "connection": connection,
            "interface": interface, "personal": personal, "level": level, "fresh": "unknown",
        }  # fmt: skip
        if every:
            age = round(every * passed * (0.8 + 0.4 * chance(code, hour // clock.DAY)), 1)
            at = hour - int(age * clock.HOUR)
            said |= {
                "gives": gives, "every_hours": every, "last_at": clock.iso(at), "age_hours": age,
                "fresh": "yes" if age <= every else "no",
            }  # fmt: skip
        if obstacle:
            said["obstacle"] = obstacle
        if months:
            said["planned_on"] = clock.month(clock.local_day(now), months).isoformat()
        yield Row(code, noted, {key: value for key, value in said.items() if value != ""})
