using System.Diagnostics;
using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

/// <summary>What stands in a folder of images beside images.</summary>
public sealed class FolderContentsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("runs/20260102-030405")]
    [InlineData("results/first/try")]
    [InlineData("model")]
    [InlineData("cat/run")]
    [InlineData("cat/.hidden/run")]
    public void A_run_is_no_class_and_its_pictures_are_no_images(string run)
    {
        FillClasses();
        ImageDataset before = Open();
        AddRun(run);
        ImageDataset after = Open();
        Assert.Equal(before.Classes, after.Classes);
        Assert.Equal(before.Fingerprint, after.Fingerprint);
        Assert.Equal(before.Warnings, after.Warnings);
    }

    [Theory]
    [InlineData("runs")]
    [InlineData("train/runs")]
    [InlineData("test/runs")]
    [InlineData("train/cat/deeper")]
    public void A_run_beside_the_users_splits_or_in_them_is_no_class(string runs)
    {
        FillClasses("train/");
        FillClasses("test/", 1000);
        ImageDataset before = Open();
        AddRun($"{runs}/a");
        AddRun($"{runs}/b");
        ImageDataset after = Open();
        Assert.Equal(before.Classes, after.Classes);
        Assert.Equal(before.Fingerprint, after.Fingerprint);
        Assert.Equal(before.Warnings, after.Warnings);
    }

    [Fact]
    public void A_comparison_an_empty_runs_folder_and_a_run_that_has_only_begun_are_no_classes()
    {
        FillClasses();
        _folder.Add("comparisons/a/comparison.json", [1]);
        _folder.Add("comparisons/a/networks/x/seed-0/plan.json", [1]);
        Directory.CreateDirectory(Path.Combine(_folder.Root, "runs", "empty"));
        _folder.Add("runs/begun/config.yaml", [1]);
        _folder.Add("chosen-with-out/.lock.json", [1]);
        Assert.Equal(["cat", "dog"], Open().Classes);
        Directory.Delete(Path.Combine(_folder.Root, "runs"), recursive: true);
        Directory.CreateDirectory(Path.Combine(_folder.Root, "runs"));
        Assert.Equal(["cat", "dog"], Open().Classes);
    }

    [Fact]
    public void A_class_called_runs_that_holds_images_is_a_class()
    {
        FillClasses();
        Fill("runs", 10, 500);
        AddRun("runs/20260102-030405");
        ImageDataset data = Open();
        Assert.Equal(["cat", "dog", "runs"], data.Classes);
        Assert.Equal(10, data.All.ClassCounts()[2]);
    }

    [Fact]
    public void Files_that_the_program_writes_into_the_folder_change_nothing()
    {
        FillClasses();
        string before = Open().Fingerprint;
        foreach (string file in (string[])["latency.json", "model.onnx", "labels.txt", "report.html", "cat/model.onnx"])
        {
            _folder.Add(file, [1]);
        }

        Assert.Equal(before, Open().Fingerprint);
    }

    [Theory]
    [InlineData("@eaDir")]
    [InlineData("#recycle")]
    [InlineData("$RECYCLE.BIN")]
    [InlineData("lost+found")]
    [InlineData("__MACOSX")]
    [InlineData(".thumbnails")]
    [InlineData("System Volume Information")]
    public void What_file_systems_keep_for_themselves_is_neither_class_nor_image(string name)
    {
        FillClasses();
        ImageDataset before = Open();
        _folder.Add($"{name}/a.png", TestPictures.Noise(700));
        _folder.Add($"cat/{name}/a.jpg/thumb.png", TestPictures.Noise(701));
        _folder.Add("cat/Thumbs.db", [1]);
        _folder.Add("dog/desktop.ini", [1]);
        ImageDataset after = Open();
        Assert.Equal(before.Classes, after.Classes);
        Assert.Equal(before.Fingerprint, after.Fingerprint);
        Assert.Equal(before.Warnings, after.Warnings);
    }

    [Fact]
    public void Images_beside_the_folders_of_classes_are_told()
    {
        FillClasses("photos/");
        FillClasses("divided/train/");
        FillClasses("divided/test/", 1000);
        Fill("photos", 3, 2000);
        _folder.Add("photos/.hidden.png", TestPictures.Noise(2100));
        _folder.Add("photos/notes.txt", [1]);
        Fill("divided", 1, 2200);
        Fill("divided/train", 2, 2300);
        Fill("divided/test", 4, 2400);
        string Told(string folder, int images) =>
            $"{Path.Combine(_folder.Root, folder)}: images ignored because they are in no folder of a class: {images}.";
        Assert.Contains(Told("photos", 3), OpenAt(Path.Combine(_folder.Root, "photos")).Warnings);
        IReadOnlyList<string> warnings = OpenAt(Path.Combine(_folder.Root, "divided")).Warnings;
        Assert.Contains(Told("divided", 1), warnings);
        Assert.Contains(Told(Path.Combine("divided", "train"), 2), warnings);
        Assert.Contains(Told(Path.Combine("divided", "test"), 4), warnings);
    }

    /// <summary>As images of a contest, whose classes are to be found.</summary>
    [Theory]
    [InlineData("test", 3, "holds 3 images that are in no folder of a class")]
    [InlineData("val", 1, "holds 1 image that is in no folder of a class")]
    [InlineData("test/cat", 0, "holds no images")]
    public void A_split_without_folders_of_classes_says_how_many_images_it_holds(string at, int images, string expected)
    {
        FillClasses("train/");
        Directory.CreateDirectory(Path.Combine(_folder.Root, at));
        Fill(at, images, 2000);
        string split = Path.Combine(_folder.Root, at.Split('/')[0]);
        var exception = Assert.Throws<InvalidInputException>(Open);
        Assert.StartsWith($"{split} {expected}: put ", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"such as {Path.Combine(split, "cat")}", exception.Message, StringComparison.Ordinal);
        Assert.Equal(split, exception.File);
    }

    [Theory]
    [InlineData("cat/again", ".")]
    [InlineData("cat/up", "..")]
    [InlineData("cat/inner/back", "../..")]
    [InlineData("all", ".")]
    [InlineData("parent", "..")]
    [InlineData("cat/root", "/")]
    public void Links_in_circles_list_no_image_twice(string link, string target)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        FillClasses();
        _folder.Add("cat/inner/x.png", TestPictures.Noise(900));
        ImageDataset before = Open();
        Directory.CreateSymbolicLink(Path.Combine(_folder.Root, link), target);
        ImageDataset after = Open();
        Assert.Equal(before.Classes, after.Classes);
        Assert.Equal(before.Fingerprint, after.Fingerprint);
    }

    [Fact]
    public void Links_that_lead_to_each_other_end_and_each_folder_is_listed_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        using var pool = new TemporaryFolder();
        pool.Add("a/1.png", TestPictures.Noise(1));
        pool.Add("b/2.png", TestPictures.Noise(2));
        Directory.CreateSymbolicLink(Path.Combine(pool.Root, "a", "b"), "../b");
        Directory.CreateSymbolicLink(Path.Combine(pool.Root, "b", "a"), Path.Combine(pool.Root, "a"));
        Directory.CreateSymbolicLink(Path.Combine(pool.Root, "b", "photos"), _folder.Root);
        FillClasses();
        Directory.CreateSymbolicLink(Path.Combine(_folder.Root, "cat", "first"), Path.Combine(pool.Root, "a"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Root, "cat", "second"), Path.Combine(pool.Root, "b"));
        Assert.Equal([12, 10], Open().All.ClassCounts());
    }

    [Fact]
    public void Links_to_folders_and_files_that_work_are_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        using var pool = new TemporaryFolder();
        for (int i = 0; i < 10; i++)
        {
            pool.Add($"cats/{i}.png", TestPictures.Noise(i));
            pool.Add($"dogs/deep/{i}.png", TestPictures.Noise(100 + i));
        }

        Directory.CreateSymbolicLink(Path.Combine(_folder.Root, "cat"), Path.Combine(pool.Root, "cats"));
        Directory.CreateDirectory(Path.Combine(_folder.Root, "dog"));
        Directory.CreateSymbolicLink(
            Path.Combine(_folder.Root, "dog", "deep"),
            Path.Combine(pool.Root, "dogs", "deep")
        );
        File.CreateSymbolicLink(
            Path.Combine(_folder.Root, "dog", "one more.png"),
            pool.Add("elsewhere.png", TestPictures.Noise(500))
        );
        Assert.Equal([10, 11], Open().All.ClassCounts());
    }

    /// <summary>As in a pool of files that others link to: a copy of a model hub, git-annex.</summary>
    [Fact]
    public void Relative_links_lead_on_from_where_they_are_and_not_from_how_they_are_spelled()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        Directory.CreateDirectory(Path.Combine(_folder.Root, "classes"));
        foreach ((int label, string name) in ((string[])["cat", "dog"]).Index())
        {
            Directory.CreateDirectory(Path.Combine(_folder.Root, "pool", "real", name));
            for (int i = 0; i < 10; i++)
            {
                _folder.Add($"pool/store/{name}{i}.png", TestPictures.Noise((100 * label) + i));
                File.CreateSymbolicLink(
                    Path.Combine(_folder.Root, "pool", "real", name, $"{i}.png"),
                    $"../../store/{name}{i}.png"
                );
            }

            Directory.CreateSymbolicLink(Path.Combine(_folder.Root, "classes", name), $"../pool/real/{name}");
        }

        Directory.CreateSymbolicLink(Path.Combine(_folder.Root, "photos"), "pool/real");
        Assert.All(
            ["pool/real", "photos", "classes"],
            folder => Assert.Equal([10, 10], OpenAt(Path.Combine(_folder.Root, folder)).All.ClassCounts())
        );
    }

    [Fact]
    public void Links_that_lead_nowhere_or_to_themselves_are_unreadable_images()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        FillClasses();
        File.CreateSymbolicLink(Path.Combine(_folder.Root, "cat", "broken.png"), "nowhere.png");
        File.CreateSymbolicLink(Path.Combine(_folder.Root, "cat", "loop.png"), "loop.png");
        File.CreateSymbolicLink(Path.Combine(_folder.Root, "dog", "broken"), "no-such-folder");
        ImageDataset data = Open();
        string warning = Assert.Single(data.Warnings, text => text.Contains("Unreadable", StringComparison.Ordinal));
        Assert.Contains("broken.png: the link leads nowhere", warning, StringComparison.Ordinal);
        Assert.Contains("loop.png: the link leads nowhere", warning, StringComparison.Ordinal);
        Assert.Equal([10, 10], data.All.ClassCounts());
    }

    [Fact]
    public void A_pipe_or_a_device_under_the_name_of_an_image_is_not_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "there are no named pipes elsewhere");
        FillClasses();
        _folder.AddPipe(Path.Combine("cat", "pipe.png"));
        File.CreateSymbolicLink(Path.Combine(_folder.Root, "cat", "link to pipe.png"), "pipe.png");
        File.CreateSymbolicLink(Path.Combine(_folder.Root, "dog", "zero.png"), "/dev/zero");
        ImageDataset data = Open();
        string warning = Assert.Single(data.Warnings, text => text.Contains("Unreadable", StringComparison.Ordinal));
        Assert.All(
            ["pipe.png", "link to pipe.png", "zero.png"],
            name => Assert.Contains($"{name}: it is empty, or no file", warning, StringComparison.Ordinal)
        );
        Assert.Equal([10, 10], data.All.ClassCounts());
    }

    [Fact]
    public void A_class_is_the_same_however_its_accents_are_coded()
    {
        // As Linux and as a Mac writes them: one letter, or the letter and its accents, in either order.
        Fill("train/caf\u00e9", 10, 0);
        Fill("train/\ud55c", 10, 100);
        Fill("train/vi\u1ec7t", 10, 200);
        Fill("test/cafe\u0301", 3, 1000);
        Fill("test/\u1112\u1161\u11ab", 3, 1100);
        Fill("test/vie\u0302\u0323t", 3, 1200);
        ImageDataset data = Open();
        Assert.Equal(["caf\u00e9", "vi\u1ec7t", "\ud55c"], data.Classes);
        Assert.Equal([3, 3, 3], data.Test.ClassCounts());
    }

    [Fact]
    public void Two_folders_that_differ_in_the_coding_of_an_accent_alone_are_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "such folders are one there");
        Fill("caf\u00e9", 10, 0);
        Fill("cafe\u0301", 10, 100);
        string message = Assert.Throws<InvalidInputException>(Open).Message;
        Assert.Contains("caf\u00e9", message, StringComparison.Ordinal);
        Assert.Contains("move the images of one into the other", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("two\rlines")]
    [InlineData("bell\a")]
    [InlineData("two\u2028lines")]
    public void A_name_that_is_no_single_line_is_refused(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such names there");
        FillClasses();
        Fill(name, 3, 300);
        string message = Assert.Throws<InvalidInputException>(Open).Message;
        Assert.Contains("rename the folder", message, StringComparison.Ordinal);
        Assert.DoesNotContain(name, message, StringComparison.Ordinal);
    }

    /// <summary>As old archives have them.</summary>
    [Fact]
    public void Names_that_are_not_UTF_8_are_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have no such names");
        FillClasses();
        try
        {
            Assert.SkipUnless(Shell("cp cat/0000.png cat/$(printf 'caf\\351').png"), "the file system takes none");
            string warning = Assert.Single(
                Open().Warnings,
                text => text.Contains("Unreadable", StringComparison.Ordinal)
            );
            Assert.Contains("its name is not UTF-8; rename it", warning, StringComparison.Ordinal);
            Assert.True(Shell("cp -r dog $(printf 'caf\\351')"));
            Assert.EndsWith(
                "its name is not UTF-8; rename it",
                Assert.Throws<InvalidInputException>(Open).Message,
                StringComparison.Ordinal
            );
        }
        finally
        {
            // .NET cannot remove them.
            Shell("rm -rf caf* cat/caf*");
        }
    }

    [Fact]
    public void A_class_of_which_nothing_can_be_read_says_why()
    {
        Fill("cat", 10, 0);
        for (int i = 0; i < 20; i++)
        {
            _folder.Add($"dog/{i:00}.png", [1, 2, 3]);
        }

        string message = Assert.Throws<InvalidInputException>(Open).Message;
        Assert.Contains("'dog'", message, StringComparison.Ordinal);
        Assert.Contains("00.png: not a readable JPEG", message, StringComparison.Ordinal);
        Assert.Contains("02.png", message, StringComparison.Ordinal);
        Assert.DoesNotContain("19.png", message, StringComparison.Ordinal);
        Assert.Contains("and 17 more", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_of_files_in_other_formats_names_some()
    {
        Fill("cat", 10, 0);
        _folder.Add("dog/a.heic", [1]);
        _folder.Add("dog/b.heic", [1]);
        string message = Assert.Throws<InvalidInputException>(Open).Message;
        Assert.Contains("a.heic", message, StringComparison.Ordinal);
        Assert.Contains("JPEG, PNG, WebP, BMP or GIF", message, StringComparison.Ordinal);
    }

    private ImageDataset Open() => OpenAt(_folder.Root);

    private static ImageDataset OpenAt(string location) =>
        ImageDataset.Open(
            new DatasetOptions { Location = location },
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

    private bool Shell(string script)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = _folder.Root }
        )!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private void AddRun(string path)
    {
        _folder.Add($"{path}/config.yaml", [1]);
        _folder.Add($"{path}/plan.json", [1]);
        _folder.Add($"{path}/preview.png", TestPictures.Noise(800));
        _folder.Add($"{path}/checkpoints/last.safetensors", [1]);
    }

    private void FillClasses(string prefix = "", int firstSeed = 0)
    {
        Fill($"{prefix}cat", 10, firstSeed);
        Fill($"{prefix}dog", 10, firstSeed + 100);
    }

    private void Fill(string path, int count, int firstSeed)
    {
        for (int i = 0; i < count; i++)
        {
            _folder.Add($"{path}/{i:0000}.png", TestPictures.Noise(firstSeed + i));
        }
    }
}
