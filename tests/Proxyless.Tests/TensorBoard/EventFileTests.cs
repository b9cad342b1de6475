using Proxyless.TensorBoard;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.TensorBoard;

public sealed class EventFileTests
{
    [Fact]
    public void The_checksum_of_the_reader_is_that_of_the_standard()
    {
        // RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and ascending.
        static uint Unmasked(byte[] data)
        {
            uint masked = unchecked(EventReader.MaskedChecksum(data) - 0xa282ead8);
            return (masked << 15) | (masked >> 17);
        }

        Assert.Equal(0x8a9136aau, Unmasked(new byte[32]));
        Assert.Equal(0x62a8ab43u, Unmasked([.. Enumerable.Repeat((byte)0xff, 32)]));
        Assert.Equal(0x46dd794eu, Unmasked([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
    }

    [Fact]
    public void What_is_appended_is_read_back_with_right_checksums()
    {
        using var folder = new TemporaryFolder();
        var file = EventFile.Begin(folder.Root);
        for (int step = 1; step <= 20; step++)
        {
            // Tags of all lengths, so that records end at each place within a word.
            file.Append(
                step,
                new Summary.Types.Value { Tag = new string('t', step), SimpleValue = step / 3f },
                new Summary.Types.Value { Tag = "größe", SimpleValue = float.NegativeInfinity }
            );
        }

        file.Append(21);

        (string version, List<EventValue> values) = EventReader.Read(Assert.Single(EventFile.FilesIn(folder.Root)));
        Assert.Equal("brain.Event:2", version);
        Assert.Equal(40, values.Count);
        Assert.Equal(
            Enumerable.Range(1, 20).Select(step => ((long)step, new string('t', step), (float?)(step / 3f))),
            values.Where(value => value.Tag[0] == 't').Select(value => (value.Step, value.Tag, value.Number))
        );
        Assert.Equal(float.NegativeInfinity, values[^1].Number);
        Assert.Equal("größe", values[^1].Tag);
    }

    [Fact]
    public void A_later_file_has_a_later_name_also_within_one_second()
    {
        using var folder = new TemporaryFolder();
        EventFile.Begin(folder.Root);
        EventFile.Begin(folder.Root);
        folder.Add("events.out.tfevents.9000000000.another", []);
        EventFile.Begin(folder.Root);

        string[] names = [.. EventFile.FilesIn(folder.Root).Select(file => Path.GetFileName(file)).Order()];
        Assert.Equal(3, names.Length);
        Assert.Equal("events.out.tfevents.9000000001.proxyless", names[^1]);
    }
}
