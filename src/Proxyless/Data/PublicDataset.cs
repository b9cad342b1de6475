using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>A file on the internet.</summary>
/// <param name="Location">Where it is.</param>
/// <param name="Md5">Its MD5 as published, in lower case: it detects broken downloads, not forgeries.</param>
internal sealed record PublicFile(Uri Location, string Md5);

/// <summary>A dataset that anybody can download and that <see cref="ImageDataset"/> reads as it is.</summary>
public sealed class PublicDataset
{
    private const string FashionMnist =
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/";

    private PublicDataset(string name, string description, params IReadOnlyList<(string Location, string Md5)> files)
    {
        Name = name;
        Description = description;
        Files = [.. files.Select(file => new PublicFile(new Uri(file.Location), file.Md5))];
    }

    /// <summary>All known datasets.</summary>
    public static IReadOnlyList<PublicDataset> All { get; } =
    [
        new(
            "cifar10",
            "60,000 color images of 32x32 in 10 classes (Krizhevsky 2009), 170 MB",
            ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")
        ),
        new(
            "fashion-mnist",
            "70,000 gray images of 28x28 in 10 classes (Xiao et al., arXiv 1708.07747), 30 MB",
            (FashionMnist + "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            (FashionMnist + "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            (FashionMnist + "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            (FashionMnist + "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310")
        ),
        new(
            "imagenette-160",
            "13,000 photographs in 10 easy classes of ImageNet, shorter side 160 (fast.ai), 99 MB",
            ("https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz", "e793b78cc4c9e9a4ccc0c1155377a412")
        ),
    ];

    /// <summary>The name by which it is requested.</summary>
    public string Name { get; }

    /// <summary>Its contents, its authors and the size of the download.</summary>
    public string Description { get; }

    /// <summary>Archives to unpack, or files to keep as they are.</summary>
    internal IReadOnlyList<PublicFile> Files { get; }

    /// <summary>Returns the dataset of a name.</summary>
    /// <exception cref="InvalidInputException">There is none; the message lists all names.</exception>
    public static PublicDataset ByName(string name) =>
        All.FirstOrDefault(dataset => dataset.Name == name)
        ?? throw new InvalidInputException(
            $"dataset '{name}' is unknown{NearestName.Suggestion(name, All.Select(dataset => dataset.Name))}; there "
                + $"are {string.Join(", ", All.Select(dataset => dataset.Name))}"
        );
}
