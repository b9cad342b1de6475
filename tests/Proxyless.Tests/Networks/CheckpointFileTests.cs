using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Proxyless.Tests.Fuzz;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Networks;

public sealed class CheckpointFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RecordingObserver _observer = new();

    public CheckpointFileTests() => Runtime.Libtorch.Load();

    private CheckpointFile Checkpoint => new(Path.Combine(_folder.Root, "search.safetensors"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_two_newest_are_kept()
    {
        CheckpointFile file = Checkpoint;
        Assert.False(file.Exists);
        foreach (int step in (int[])[1, 2, 3])
        {
            Write(file, step);
        }

        Assert.Equal(2, Directory.EnumerateFiles(_folder.Root).Count());
        Assert.Equal("3", file.Read(_observer).File.Metadata["step"]);
        Assert.Equal("2", SafeTensorsFile.Read(file.Previous).Metadata["step"]);
        Assert.Empty(_observer.Warnings);
    }

    // The length of the header, its text, its checksum, the first and the last number.
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(-4000)]
    [InlineData(-1)]
    public void A_single_wrong_bit_is_noticed_and_the_one_before_is_read(int place)
    {
        CheckpointFile file = Checkpoint;
        Write(file, 1);
        Write(file, 2);
        byte[] bytes = File.ReadAllBytes(file.Newest);
        bytes[place < 0 ? bytes.Length + place : place] ^= 1;
        File.WriteAllBytes(file.Newest, bytes);
        (SafeTensorsFile read, string path) = file.Read(_observer);
        Assert.Equal("1", read.Metadata["step"]);
        Assert.Equal(file.Previous, path);
        Assert.Contains(file.Newest, Assert.Single(_observer.Warnings), StringComparison.Ordinal);

        // The next one does not take the place of the good one.
        Write(file, 3);
        Assert.Equal("1", SafeTensorsFile.Read(file.Previous).Metadata["step"]);
        Assert.Equal("3", Checkpoint.Read(_observer).File.Metadata["step"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_the_system_does_not_read_is_named_and_the_one_before_is_read(bool isDenied)
    {
        CheckpointFile file = Checkpoint;
        Write(file, 1);
        Write(file, 2);
        using FileStream? locked = isDenied
            ? null
            : new FileStream(file.Newest, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        if (isDenied)
        {
            // Access to a folder is denied to whoever wants to read a file.
            File.Delete(file.Newest);
            Directory.CreateDirectory(file.Newest);
        }

        (SafeTensorsFile read, string path) = file.Read(_observer);
        Assert.Equal("1", read.Metadata["step"]);
        Assert.Equal(file.Previous, path);
        Assert.StartsWith($"{file.Newest} cannot be read", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_gone_or_may_not_be_read_are_named_with_what_helps()
    {
        string file = Path.Combine(_folder.Root, "best.safetensors");
        Assert.StartsWith($"{file} does not exist; restore it", Refusal(file), StringComparison.Ordinal);

        // Access to a folder is denied to whoever wants to read a file.
        Directory.CreateDirectory(file);
        Assert.StartsWith($"{file} cannot be read", Refusal(file), StringComparison.Ordinal);
        static string Refusal(string path) =>
            Assert.Throws<InvalidInputException>(() => SafeTensorsFile.Read(path)).Message;
    }

    [Fact]
    public void One_cut_short_without_one_before_it_is_refused_by_name()
    {
        CheckpointFile file = Checkpoint;
        Write(file, 1);
        using (FileStream stream = File.OpenWrite(file.Newest))
        {
            stream.SetLength(stream.Length / 2);
        }

        Assert.Contains(
            file.Newest,
            Assert.Throws<InvalidInputException>(() => file.Read(_observer)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_process_killed_between_two_renamings_leaves_the_one_before()
    {
        CheckpointFile file = Checkpoint;
        Write(file, 1);
        File.Move(file.Newest, file.Previous);
        Assert.True(Checkpoint.Exists);
        Assert.Equal("1", Checkpoint.Read(_observer).File.Metadata["step"]);
        Assert.Empty(_observer.Warnings);
    }

    [Fact]
    public void A_run_whose_folder_is_gone_is_noticed_and_a_checkpoint_that_is_in_no_run_has_none()
    {
        string config = _folder.Add(Path.Combine("run", "config.yaml"), []);
        var within = new CheckpointFile(Path.Combine(_folder.Root, "run", "checkpoints", "last.safetensors"));
        var outside = new CheckpointFile(Path.Combine(_folder.Root, "attempt-1", "checkpoints", "last.safetensors"));
        within.RequireRun();
        outside.RequireRun();
        File.Delete(config);
        outside.RequireRun();
        Assert.Contains(
            $"'{Path.Combine(_folder.Root, "run")}' is gone",
            Assert.Throws<DirectoryNotFoundException>(within.RequireRun).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_checksum_is_of_the_whole_file_with_zeros_in_its_place()
    {
        CheckpointFile file = Checkpoint;
        Write(file, 1);
        byte[] bytes = File.ReadAllBytes(file.Newest);
        string text = System.Text.Encoding.Latin1.GetString(bytes);
        const string Before = "\"proxyless.sha256\":\"";
        int place = text.IndexOf(Before, StringComparison.Ordinal) + Before.Length;
        string checksum = text.Substring(place, 64);
        bytes.AsSpan(place, 64).Fill((byte)'0');
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), checksum);
    }

    /// <summary>Those of earlier versions have their checksum under another name.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_checkpoint_of_an_earlier_version_is_read_and_its_checksum_verified(bool isDamaged)
    {
        static string HeaderWith(string digits) =>
            $$$"""{"__metadata__":{"sha256":"{{{digits}}}"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";
        byte[] values = BitConverter.GetBytes(1.5f);
        byte[] unsigned = ContainerMutator.SafeTensors(HeaderWith(new string('0', 64)), values);
        string checksum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(unsigned));
        byte[] bytes = ContainerMutator.SafeTensors(HeaderWith(checksum), values);
        bytes[^1] ^= isDamaged ? (byte)1 : (byte)0;
        string file = _folder.Add("earlier.safetensors", bytes);
        if (isDamaged)
        {
            Assert.Contains(
                "does not match its checksum",
                Assert.Throws<InvalidInputException>(() => SafeTensorsFile.Read(file)).Message,
                StringComparison.Ordinal
            );
        }
        else
        {
            var read = SafeTensorsFile.Read(file);
            Assert.Empty(read.Metadata);
            Assert.Equal([1.5f], read.Tensors["x"].Values);
        }
    }

    private static void Write(CheckpointFile file, int step)
    {
        using Tensor values = WithScalar.Full(1000, step, float32);
        file.Write([("x", values)], new Dictionary<string, string> { ["step"] = $"{step}" });
    }
}
