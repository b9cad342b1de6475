using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

/// <summary>Images are known again by what they are, and those of older runs by what was known of them then.</summary>
public sealed class DatasetFingerprintTests : IDisposable
{
    // plan.json of a training by the version of commit b62ad87, on the images of AddIdx and with default options.
    private const string BeforeContents = "ca05bdcea07f5f1892d93f99eb65e010b6e7c234723318b90898a60d75b95f3d";
    private const int Images = 40;
    private const int Pixels = 28 * 28;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_of_one_name_and_length_with_other_contents_are_other_images(bool large)
    {
        int side = large ? 120 : 16;
        for (int i = 0; i < 10; i++)
        {
            _folder.Add($"cat/{i}.bmp", Bitmap(side, i));
            _folder.Add($"dog/{i}.bmp", Bitmap(side, 100 + i));
        }

        ImageDataset before = Open();
        Assert.Equal(before.Fingerprint, Open().Fingerprint);
        _folder.Add("cat/3.bmp", Bitmap(side, 200));
        ImageDataset after = Open();
        Assert.NotEqual(before.Fingerprint, after.Fingerprint);
        Assert.False(after.HasFingerprint(before.Fingerprint));
        Assert.True(after.HasFingerprint(after.Fingerprint));
    }

    [Fact]
    public void Binary_files_are_known_by_their_pixels()
    {
        AddIdx(change: 0);
        string before = Open().Fingerprint;
        Assert.Equal(before, Open().Fingerprint);
        AddIdx(change: 1);
        Assert.NotEqual(before, Open().Fingerprint);
    }

    [Fact]
    public void A_fingerprint_from_before_contents_were_hashed_is_compared_as_it_was_then()
    {
        AddIdx(change: 0);
        ImageDataset data = Open();
        Assert.True(data.HasFingerprint(BeforeContents));
        Assert.NotEqual(BeforeContents, data.Fingerprint);
        Assert.False(Open(seed: 1).HasFingerprint(BeforeContents));
        Assert.False(data.HasFingerprint(""));

        // It said nothing of pixels, and does not now.
        AddIdx(change: 1);
        Assert.True(Open().HasFingerprint(BeforeContents));
    }

    [Fact]
    public void Of_too_many_images_some_are_read()
    {
        Assert.Equal(1, DatasetFingerprint.Step(ImageInspection.ExaminedFiles));
        int read = 1_281_167 / DatasetFingerprint.Step(1_281_167);
        Assert.InRange(read, DatasetFingerprint.SampledImages, DatasetFingerprint.SampledImages + 20);
    }

    private ImageDataset Open(int seed = 0) =>
        ImageDataset.Open(
            new DatasetOptions { Location = _folder.Root, Seed = seed },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

    private void AddIdx(byte change)
    {
        byte[] pixels =
        [
            .. Enumerable
                .Range(0, Images * Pixels)
                .Select(i => (byte)((((i / Pixels) * 37) + ((i % Pixels) * 11)) % 251)),
        ];
        pixels[5000] += change;
        _folder.Add("train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, Images, 0, 0, 0, 28, 0, 0, 0, 28, .. pixels]);
        IEnumerable<byte> labels = Enumerable.Range(0, Images).Select(i => (byte)(i % 2));
        _folder.Add("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, Images, .. labels]);
    }

    /// <summary>A picture whose file has the same length whatever is in it.</summary>
    private static byte[] Bitmap(int side, int seed)
    {
        int row = (((3 * side) + 3) / 4) * 4;
        var file = new byte[54 + (row * side)];
        "BM"u8.CopyTo(file);
        BitConverter.TryWriteBytes(file.AsSpan(2), file.Length);
        BitConverter.TryWriteBytes(file.AsSpan(10), 54);
        BitConverter.TryWriteBytes(file.AsSpan(14), 40);
        BitConverter.TryWriteBytes(file.AsSpan(18), side);
        BitConverter.TryWriteBytes(file.AsSpan(22), side);
        BitConverter.TryWriteBytes(file.AsSpan(26), (short)1);
        BitConverter.TryWriteBytes(file.AsSpan(28), (short)24);
        new Random(seed).NextBytes(file.AsSpan(54));
        return file;
    }
}
